"""The custom resources: their models, their policies and the CRD made from them."""
