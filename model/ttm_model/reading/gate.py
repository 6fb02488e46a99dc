"""Stand-in."""
import torch
from dataclasses import dataclass
SPEC={"at":((),torch.float64)}
@dataclass(frozen=True)
class GateState:
    at: torch.Tensor
    @classmethod
    def initial(cls): return cls(torch.tensor(-1.0,dtype=torch.float64))
    @classmethod
    def from_tensors(cls,t): return cls(**t)
    def tensors(self): return {"at":self.at}
