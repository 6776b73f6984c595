"""The pure half: facts in, conclusions out.

Nothing here does I/O, reads a clock or logs; whatever depends on the day takes `now`. Rules the owner sets arrive as a
frozen `Policy`, never as the configuration itself.
"""
