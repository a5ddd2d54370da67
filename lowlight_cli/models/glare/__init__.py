"""GLARE: low-light enhancement by finding well-lit codes with a flow, and fusing what they show."""
