"""Holdings of derivatives: their changes, their valuation, and the reads of them."""
