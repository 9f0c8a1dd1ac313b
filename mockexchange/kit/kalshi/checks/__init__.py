"""What the venue's schemas cannot say, each rule a check."""
