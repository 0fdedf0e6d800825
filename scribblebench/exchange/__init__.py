"""Other trainers: data sets made for them from a protocol, and their predictions taken back."""
