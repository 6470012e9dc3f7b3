"""Resources → chains of integer rules: what Felix would compute and program, before any packet is asked about."""
