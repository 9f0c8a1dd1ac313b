module example.org/positions

go 1.18
