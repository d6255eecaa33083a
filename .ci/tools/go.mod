module qgan-ci

go 1.26.0
