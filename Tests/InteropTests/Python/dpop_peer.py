"""Makes and checks DPoP proofs with pydpop of PyPI (line_protocol.py)."""

import line_protocol
import pydpop


class Peer:
    def __init__(self):
        self.key = pydpop.generate_key()
        self.seen = pydpop.MemoryJtiStore()

    def ready(self):
        return {"thumbprint": pydpop.jwk_thumbprint(pydpop.public_jwk(self.key))}

    def do_prove(self, method, url, **options):
        return pydpop.generate_proof(private_key=self.key, htm=method, htu=url, **options)

    def do_verify(self, proof, method, url, **options):
        """The thumbprint of the proof's key, or what is wrong with the proof."""
        try:
            found = pydpop.verify_proof(proof=proof, htm=method, htu=url, jti_store=self.seen, **options)
        except pydpop.DPoPError as error:
            return {"refused": str(error)}
        return {"thumbprint": found["jwk_thumbprint"]}

    def close(self):
        pass


line_protocol.serve(Peer)
