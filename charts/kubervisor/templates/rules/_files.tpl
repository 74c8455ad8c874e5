{{/* The file that rules read: the release's sources. Whose KubervisorServices may use one says nothing of
     rules, which are written by who may write to the cluster. */}}
{{- define "kubervisor.rules.settings" -}}
{{- $sources := list -}}
{{- range (include "kubervisor.sources" . | fromYaml).sources }}
{{- $sources = append $sources (omit . "namespaces") }}
{{- end -}}
sources: {{ toYaml $sources | nindent 2 }}
{{- end }}

{{/* What rules read is mounted where they are told. Jobs are the files of a folder of their own. */}}
{{- define "kubervisor.rules.mounts" -}}
- {name: settings, mountPath: /etc/kubervisor/settings, readOnly: true}
{{- if has "job" .Values.rules.actions }}
- {name: jobs, mountPath: /etc/kubervisor/jobs, readOnly: true}
{{- end }}
{{- with include "kubervisor.sourceMounts" . }}
{{ . }}
{{- end }}
{{- end }}

{{- define "kubervisor.rules.volumes" -}}
- name: settings
  configMap:
    name: {{ include "kubervisor.rules" . }}
    items: [{key: config.yaml, path: config.yaml}]
{{- if has "job" .Values.rules.actions }}
- name: jobs
  configMap: {name: {{ include "kubervisor.rules" . }}-jobs}
{{- end }}
{{- with include "kubervisor.sourceVolumes" . }}
{{ . }}
{{- end }}
{{- end }}
