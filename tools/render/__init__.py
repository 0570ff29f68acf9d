"""The demo clips: who is shown, what they perform, how they are drawn, damaged, listed and checked.

`people`, `expressions`, `performance` and `plan` are pure and need nothing but NumPy; `scene` alone knows VTK.
"""
