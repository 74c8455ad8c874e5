{{- define "kubervisor.traffic" -}}{{ .Release.Name }}-traffic{{- end }}
{{- define "kubervisor.termination" -}}{{ .Release.Name }}-termination{{- end }}

{{/* The prefix of what has no namespace: two releases may live in one cluster. */}}
{{- define "kubervisor.cluster" -}}{{ .Release.Namespace }}-{{ .Release.Name }}{{- end }}

{{- define "kubervisor.labels" -}}
app.kubernetes.io/name: kubervisor
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* The accounts of this release as the API server names them, in CEL. */}}
{{- define "kubervisor.usernames" -}}
{{- $account := printf "'system:serviceaccount:%s:%%s'" .Release.Namespace -}}
[{{ printf $account (include "kubervisor.traffic" .) }}, {{ printf $account (include "kubervisor.termination" .) }}]
{{- end }}
