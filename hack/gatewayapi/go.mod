// The Gateway API's definitions, which tests and the demo teach their cluster. A module of its own:
// a change here does not build the cluster's programs anew.
module kubervisor/hack/gatewayapi

go 1.26.0

require sigs.k8s.io/gateway-api v1.6.3
