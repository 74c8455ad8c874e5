"""The files of a project: what is made once and is the user's, what is written anew each time."""
