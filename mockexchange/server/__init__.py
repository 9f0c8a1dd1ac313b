"""The server, built with Starlette and uvicorn; the other packages that it uses do not depend on these two."""
