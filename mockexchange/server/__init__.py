"""The asynchronous edge: Starlette and uvicorn, and nothing below knows them."""
