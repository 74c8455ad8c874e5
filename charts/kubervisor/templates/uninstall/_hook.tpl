{{/* Annotations of a hook. Takes when and weight. Where a test went well, its pod stays: `helm test
     --logs` reads it afterwards, and fails where it is gone. */}}
{{- define "kubervisor.hook" -}}
helm.sh/hook: {{ .when }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation{{ if ne .when "test" }},hook-succeeded{{ end }}
{{- end }}

{{/* A Job of `kubervisor release`. Takes root, name, when, and flag. */}}
{{- define "kubervisor.releaseJob" -}}
{{- $root := .root -}}
{{- $account := include "kubervisor.release" $root -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ $root.Release.Name }}-{{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "kubervisor.labels" $root | nindent 4 }}
  annotations: {{- include "kubervisor.hook" (dict "when" .when "weight" 0) | nindent 4 }}
spec:
  backoffLimit: 3
  template:
    metadata:
      {{- include "kubervisor.podMetadata" (dict "root" $root "component" .name) | nindent 6 }}
    spec:
      {{- include "kubervisor.pod" (dict "root" $root "account" $account) | nindent 6 }}
      restartPolicy: Never
      containers:
        - {{- $where := list "--all" }}
          {{- range $i, $namespace := $root.Values.namespaces }}
          {{- $where = append (ternary list $where (eq $i 0)) (printf "--namespace=%s" $namespace) }}
          {{- end }}
          {{- include "kubervisor.container" (dict "root" $root "args" (concat (list "release") $where (list .flag))) | nindent 10 }}
          env: {{- include "kubervisor.env" $root | nindent 12 }}
{{- end }}
