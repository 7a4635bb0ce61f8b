"""What a person sees and asks for in a terminal; all text of models is made safe here."""
