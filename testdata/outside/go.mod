module outside

go 1.26

require qgan v0.0.0

replace qgan => ../..
