"""A scripted model endpoint on loopback, for driving real coding agents without a model.

It speaks Anthropic's Messages, OpenAI's Responses and chat completions, and Gemini's generateContent. The path names a
scenario (`/s/NAME/...`), which turn is due follows from the request alone (how often the model has spoken in it), so
that retries and resumed sessions need no memory here. What a program really sent and what it was really billed is kept.

What is not played: a stream that breaks off or pauses in its middle, several deltas for one block, reasoning that is
shown (its tokens are counted, where a dialect tells them), images and files, server-side tools, refusals of the model
itself, a full context window and what follows it, batches, what needs a login, sub-agents but Claude Code's, and the
patch tool that opencode and Copilot give to models of some names instead of the one that writes files. Keys are written
down and never judged: a scenario says when a key is wrong. `count_tokens` guesses. Of a request nothing is checked but
what is read.
"""
