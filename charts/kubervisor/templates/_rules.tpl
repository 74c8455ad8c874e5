{{/* What the controller reads and writes; docs/reference/rights.md says what for. */}}
{{- define "kubervisor.trafficRules" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, patch]
- apiGroups: [""]
  resources: [services]
  verbs: [list, watch]
- apiGroups: [kubervisor.k8s.io]
  resources: [kubervisorservices]
  verbs: [get, list, watch, patch]
- apiGroups: [kubervisor.k8s.io]
  resources: [kubervisorservices/status]
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{- define "kubervisor.terminationRules" -}}
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
- apiGroups: [""]
  resources: [pods]
  verbs: [delete]
{{- end }}

{{/* What watchdogs read and write. */}}
{{- define "kubervisor.watchdogRules" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, patch]
{{- if include "kubervisor.watchdogEvicts" . }}
- apiGroups: [""]
  resources: [pods]
  verbs: [get]
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [list]
{{- end }}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* What decides about data reads and writes. */}}
{{- define "kubervisor.datarolloutRules" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, patch]
- apiGroups: [kubervisor.k8s.io]
  resources: [datarollouts]
  verbs: [get, list, watch, create]
- apiGroups: [kubervisor.k8s.io]
  resources: [datarollouts/status]
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{- define "kubervisor.dashboardDataRules" -}}
- apiGroups: [kubervisor.k8s.io]
  resources: [datarollouts]
  verbs: [list]
{{- end }}

{{/* By their labels, which RBAC cannot select by, the dashboard finds kinds of workflows. */}}
{{- define "kubervisor.dashboardWorkflowKindsRules" -}}
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [list]
{{- end }}

{{/* The repository keeps versions that rollouts name, and heeds what pods name where that is asked. */}}
{{- define "kubervisor.datarepoRules" -}}
- apiGroups: [kubervisor.k8s.io]
  resources: [datarollouts]
  verbs: [list]
{{- if .Values.data.repository.annotatedSources }}
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
{{- end }}
{{- end }}

{{/* A source that is a ConfigMap. Takes its name. */}}
{{- define "kubervisor.configMapRules" -}}
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [{{ .name }}]
  verbs: [get]
{{- end }}

{{/* A deployer looks at its pod, and says on it what it has. By name it can be held to its own pod by
     admission alone. */}}
{{- define "kubervisor.deployerRules" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [get, patch]
{{- end }}

{{/* Takes the names of the definitions. */}}
{{- define "kubervisor.crdRules" -}}
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [create]
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  resourceNames: {{ toJson . }}
  verbs: [get, update]
{{- end }}

{{/* Create cannot be limited by name; the admission policy on Leases does that. */}}
{{- define "kubervisor.leaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, create, patch]
{{- end }}

{{/* What `kubervisor release` reads and writes while the release is uninstalled. */}}
{{- define "kubervisor.releaseRules" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, patch]
- apiGroups: [""]
  resources: [services]
  verbs: [list, patch]
- apiGroups: [kubervisor.k8s.io]
  resources: [kubervisorservices]
  verbs: [list, patch]
- apiGroups: [kubervisor.k8s.io]
  resources: [kubervisorservices/status]
  verbs: [patch]
{{- end }}

{{- define "kubervisor.releaseLeaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, list, create, patch]
{{- end }}

{{/* A role and its binding to one account of the release, or to `accounts` of the role's namespace.
     Takes root, kind (Role or ClusterRole), namespace, name, account, rules, and annotations where it
     is part of a hook. */}}
{{- define "kubervisor.grant" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "kubervisor.labels" .root | nindent 4 }}
  {{- with .annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
rules: {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "kubervisor.labels" .root | nindent 4 }}
  {{- with .annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  {{- range .accounts | default (list .account) }}
  - kind: ServiceAccount
    name: {{ . }}
    namespace: {{ empty $.accounts | ternary $.root.Release.Namespace $.namespace }}
  {{- end }}
{{- end }}
