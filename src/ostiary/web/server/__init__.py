"""The server process: bounded HTTP/1.1 on uvicorn, worker processes and their supervisor.

Nothing is imported here: the supervisor stays small, and imports only its own modules.
"""
