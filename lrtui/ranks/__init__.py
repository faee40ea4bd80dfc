"""Where the processes are that train one model: `placement`. Plain, without torch."""
