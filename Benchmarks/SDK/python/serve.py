"""serve.py PORT: the Python SDK's server over Streamable HTTP, stateless, with uvicorn, as its documentation has it for production."""
import sys

import uvicorn
from work import make_server

if __name__ == "__main__":
    application = make_server().streamable_http_app(stateless_http=True, json_response=True)
    uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical", access_log=False)
