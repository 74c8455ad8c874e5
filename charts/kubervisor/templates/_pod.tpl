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

{{/* What every pod of the release has, whatever it runs. Takes root and account, and the group of the
     files that it writes where it writes some. */}}
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
  {{- with .group }}
  fsGroup: {{ . }}
  {{- end }}
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

{{/* So is what decides about data. */}}
{{- define "kubervisor.datarolloutEnv" -}}
{{ include "kubervisor.env" . }}
- {name: KUBERVISOR_DATA_LEASE_NAME, value: {{ include "kubervisor.leaseName" (dict "root" . "name" "datarollout") }}}
- {name: KUBERVISOR_DATA_REPOSITORY, value: {{ include "kubervisor.repositoryUrl" . | quote }}}
- {name: KUBERVISOR_DATA_REGISTER_CRDS, value: {{ .Values.crds.register | quote }}}
{{- if .Values.data.repository.tokenSecret }}
- {name: KUBERVISOR_DATA_TOKEN_FILE, value: /etc/kubervisor/data/token/token}
{{- end }}
{{- with .Values.namespaces }}
- {name: KUBERVISOR_DATA_NAMESPACES, value: {{ toJson . | squote }}}
{{- end }}
{{- range $name, $value := .Values.data.rollout.settings }}
- {name: KUBERVISOR_DATA_{{ $name | snakecase | upper }}, value: {{ kindIs "slice" $value | ternary (join "," $value) (toJson $value | trimAll "\"") | quote }}}
{{- end }}
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

{{/* So are rules. */}}
{{- define "kubervisor.rulesEnv" -}}
{{ include "kubervisor.env" . }}
- {name: KUBERVISOR_RULES_LEASE_NAME, value: {{ include "kubervisor.leaseName" (dict "root" . "name" "rules") }}}
- {name: KUBERVISOR_RULES_REGISTER_CRDS, value: {{ .Values.crds.register | quote }}}
- {name: KUBERVISOR_RULES_ACTIONS, value: {{ toJson .Values.rules.actions | squote }}}
{{- if has "job" .Values.rules.actions }}
- {name: KUBERVISOR_RULES_JOB_NAMESPACE, value: {{ include "kubervisor.jobNamespace" . }}}
- {name: KUBERVISOR_RULES_JOB_TEMPLATES, value: /etc/kubervisor/jobs}
{{- end }}
{{- with .Values.namespaces }}
- {name: KUBERVISOR_RULES_NAMESPACES, value: {{ toJson . | squote }}}
{{- end }}
{{- range $name, $value := .Values.rules.settings }}
- {name: KUBERVISOR_RULES_{{ $name | snakecase | upper }}, value: {{ kindIs "string" $value | ternary $value (toJson $value) | squote }}}
{{- end }}
{{- end }}
