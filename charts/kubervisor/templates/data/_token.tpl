{{/* What whoever fetches versions must know, for the repository and for what asks it. */}}
{{- define "kubervisor.tokenMounts" -}}
{{- if .Values.data.repository.tokenSecret -}}
- {name: token, mountPath: /etc/kubervisor/data/token, readOnly: true}
{{- end }}
{{- end }}

{{- define "kubervisor.tokenVolumes" -}}
{{- with .Values.data.repository.tokenSecret -}}
- name: token
  secret:
    secretName: {{ . }}
    items: [{key: token, path: token}]
{{- end }}
{{- end }}
