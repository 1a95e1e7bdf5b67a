"""Values of ρ, delta_rms from one hidden layer to the one before it, that are told apart."""

VANISHING, EXPLODING = 0.5, 2.0
"""Gradients vanish below the one and explode above the other."""
