"""Git's side of Sluice: mirrors, worktrees, branches, pushes and claims. `facade` has all of it under one name."""
