"""Documents that the control API keeps and checks: scenarios, and reports of verifications."""
