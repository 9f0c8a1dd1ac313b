"""The Python API, with which programs and tests run and control an exchange.

Each method sends a control API request.
"""
