"""`parley agreement`: whether a judge may be a reward, by people's labels."""
