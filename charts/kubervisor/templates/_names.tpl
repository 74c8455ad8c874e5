{{/* The accounts: one for each capability, one for the repository of data, one that ends pods, and one for `kubervisor release`. */}}
{{- define "kubervisor.traffic" -}}{{ .Release.Name }}-traffic{{- end }}
{{- define "kubervisor.watchdog" -}}{{ .Release.Name }}-watchdog{{- end }}
{{- define "kubervisor.datarollout" -}}{{ .Release.Name }}-datarollout{{- end }}
{{- define "kubervisor.datarepo" -}}{{ .Release.Name }}-datarepo{{- end }}
{{- define "kubervisor.rules" -}}{{ .Release.Name }}-rules{{- end }}
{{- define "kubervisor.termination" -}}{{ .Release.Name }}-termination{{- end }}
{{- define "kubervisor.release" -}}{{ .Release.Name }}-release{{- end }}

{{/* "true" where watchdogs may evict: whoever does not needs no right to. */}}
{{- define "kubervisor.watchdogEvicts" -}}
{{- with .Values.watchdog -}}
{{- if and .enabled .settings.evict (not .settings.dryRun) }}true{{ end -}}
{{- end -}}
{{- end }}

{{/* Where versions of data are fetched. */}}
{{- define "kubervisor.repositoryUrl" -}}
{{- if .Values.data.repository.enabled -}}
http://{{ include "kubervisor.datarepo" . }}.{{ .Release.Namespace }}
{{- else -}}
{{ .Values.data.repository.url }}
{{- end -}}
{{- end }}

{{/* "true" where a repository of data belongs to the release. */}}
{{- define "kubervisor.hasRepository" -}}
{{- if and .Values.data.enabled .Values.data.repository.enabled }}true{{ end -}}
{{- end }}

{{/* The Lease of a capability of this release, whatever it guards: two releases may share a namespace,
     and one that is upgraded to other namespaces must have its old controller end before the new one
     acts. Takes root and name. */}}
{{- define "kubervisor.leaseName" -}}
kubervisor-{{ .name }}{{ if ne .root.Release.Name "kubervisor" }}-{{ .root.Release.Name | replace "." "-" }}{{ end }}
{{- end }}

{{/* The prefix of what has no namespace: two releases may live in one cluster. */}}
{{- define "kubervisor.cluster" -}}{{ .Release.Namespace }}-{{ .Release.Name }}{{- end }}

{{/* What tells the pods of this release from all others; a component tells them from one another. */}}
{{- define "kubervisor.selector" -}}
app.kubernetes.io/name: kubervisor
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kubervisor.labels" -}}
{{ include "kubervisor.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The accounts of this release as the API server names them, in CEL: of what moves traffic, of
     data deployments, of watchdogs, and of rules. */}}
{{- define "kubervisor.usernames" -}}
{{- $account := printf "'system:serviceaccount:%s:%%s'" .Release.Namespace -}}
[{{ printf $account (include "kubervisor.traffic" .) }}, {{ printf $account (include "kubervisor.termination" .) }}, {{ printf $account (include "kubervisor.release" .) }}]
{{- end }}

{{- define "kubervisor.datarolloutUsernames" -}}
['system:serviceaccount:{{ .Release.Namespace }}:{{ include "kubervisor.datarollout" . }}']
{{- end }}

{{/* Of pods that have a deployer, wherever they are. */}}
{{- define "kubervisor.deployerUsernames" -}}
{{- $names := list }}
{{- range $in := .Values.data.deployers }}
{{- range .accounts }}
{{- $names = append $names (printf "'system:serviceaccount:%s:%s'" $in.namespace .) }}
{{- end }}
{{- end -}}
[{{ join ", " $names }}]
{{- end }}

{{- define "kubervisor.watchdogUsernames" -}}
['system:serviceaccount:{{ .Release.Namespace }}:{{ include "kubervisor.watchdog" . }}']
{{- end }}

{{- define "kubervisor.rulesUsernames" -}}
['system:serviceaccount:{{ .Release.Namespace }}:{{ include "kubervisor.rules" . }}']
{{- end }}

{{/* Where Jobs of rules are created. */}}
{{- define "kubervisor.jobNamespace" -}}
{{ .Values.rules.jobNamespace | default .Release.Namespace }}
{{- end }}
