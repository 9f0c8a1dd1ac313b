"""Order entry of derivatives: checks, matching, and the handlers that quote, place, edit and cancel."""
