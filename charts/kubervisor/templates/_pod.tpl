{{/* Metadata of a pod. Takes root, component, and annotations of its own where it has some. */}}
{{- define "kubervisor.podMetadata" -}}
labels:
  {{- include "kubervisor.labels" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .component }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (.annotations | default dict) .root.Values.podAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What every pod of the release has, whatever it runs. Takes root and account. */}}
{{- define "kubervisor.pod" -}}
serviceAccountName: {{ .account }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  seccompProfile: {type: RuntimeDefault}
# A name server that does not answer must not use up the time in which a source has to.
dnsConfig:
  options:
    - {name: timeout, value: "1"}
    - {name: attempts, value: "2"}
{{- end }}

{{/* The container of a pod that runs one `kubervisor` command. Takes root and args. */}}
{{- define "kubervisor.container" -}}
{{- $image := .root.Values.image -}}
name: kubervisor
{{- if $image.digest }}
image: "{{ $image.repository }}@{{ $image.digest }}"
{{- else }}
image: "{{ $image.repository }}:{{ $image.tag | default .root.Chart.AppVersion }}"
{{- end }}
imagePullPolicy: {{ $image.pullPolicy }}
args: {{- toYaml .args | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* The Lease of the controllers is in their own namespace. */}}
{{- define "kubervisor.env" -}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
{{- end }}

{{/* Watchdogs are told their settings by the environment; lists are JSON there. */}}
{{- define "kubervisor.watchdogEnv" -}}
{{ include "kubervisor.env" . }}
- {name: KUBERVISOR_WATCHDOG_LEASE_NAME, value: {{ include "kubervisor.leaseName" (dict "root" . "name" "watchdog") }}}
{{- with .Values.namespaces }}
- {name: KUBERVISOR_WATCHDOG_NAMESPACES, value: {{ toJson . | squote }}}
{{- end }}
{{- range $name, $value := .Values.watchdog.settings }}
- {name: KUBERVISOR_WATCHDOG_{{ $name | snakecase | upper }}, value: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }}}
{{- end }}
{{- end }}
