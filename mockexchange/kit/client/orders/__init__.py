"""Adapter tasks that trade: their run, the exchange's orders, and the comparison of reports with orders."""
