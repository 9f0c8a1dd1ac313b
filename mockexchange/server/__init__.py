"""The server, which serves sandboxes with Starlette and uvicorn.

The layers below it do not depend on these libraries.
"""
