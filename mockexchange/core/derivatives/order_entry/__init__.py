"""Order entry of derivatives: the checks of orders, the matching, and handlers that quote, place, edit and cancel."""
