"""The server, with Starlette and uvicorn; the layers below it do not depend on them."""
