{{/* The file that `kubervisor run --config` and `kubervisor check --config` read. */}}
{{- define "kubervisor.settings" -}}
{{- with .Values.namespaces }}
namespaces: {{ toJson . }}
{{- end }}
leaseName: {{ include "kubervisor.leaseName" (dict "root" . "name" "traffic") }}
registerCrds: {{ .Values.crds.register }}
allowTermination: {{ .Values.termination.enabled }}
{{- if .Values.termination.enabled }}
terminationKubeconfig: /etc/kubervisor/termination/kubeconfig
{{- end }}
{{ toYaml .Values.settings }}
{{- with include "kubervisor.sources" . }}
{{ . }}
{{- end }}
{{- end }}

{{/* Its part about sources, which rules read too. */}}
{{- define "kubervisor.sources" -}}
{{- with .Values.sources -}}
sources:
  {{- range . }}
  {{- $source := omit . "secret" }}
  {{- range $what, $key := omit (.secret | default dict) "name" }}
  {{- $_ := set $source (printf "%sFile" $what) (printf "/etc/kubervisor/sources/%s/%s" $source.name $key) }}
  {{- end }}
  {{- list $source | toYaml | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The account that ends pods, by its token in the Secret beside this file. */}}
{{- define "kubervisor.terminationKubeconfig" -}}
apiVersion: v1
kind: Config
clusters:
  - name: cluster
    cluster: {server: "https://kubernetes.default.svc", certificate-authority: ca.crt}
users:
  - name: termination
    user: {tokenFile: token}
contexts:
  - name: termination
    context: {cluster: cluster, user: termination, namespace: {{ .Release.Namespace }}}
current-context: termination
{{- end }}

{{/* What the settings name is mounted where they say. */}}
{{- define "kubervisor.mounts" -}}
- {name: settings, mountPath: /etc/kubervisor/settings, readOnly: true}
{{- if .Values.termination.enabled }}
- {name: termination, mountPath: /etc/kubervisor/termination, readOnly: true}
{{- end }}
{{- with include "kubervisor.sourceMounts" . }}
{{ . }}
{{- end }}
{{- end }}

{{- define "kubervisor.volumes" -}}
- name: settings
  configMap:
    name: {{ include "kubervisor.traffic" . }}
    items: [{key: config.yaml, path: config.yaml}]
{{- if .Values.termination.enabled }}
- name: termination
  projected:
    sources:
      - secret:
          name: {{ include "kubervisor.termination" . }}
          items: [{key: token, path: token}, {key: ca.crt, path: ca.crt}]
      - configMap:
          name: {{ include "kubervisor.traffic" . }}
          items: [{key: termination.kubeconfig, path: kubeconfig}]
{{- end }}
{{- with include "kubervisor.sourceVolumes" . }}
{{ . }}
{{- end }}
{{- end }}

{{- define "kubervisor.sourceMounts" -}}
{{- $mounts := list }}
{{- range .Values.sources }}
{{- if .secret }}
{{- $mounts = append $mounts (printf "- {name: source-%s, mountPath: /etc/kubervisor/sources/%s, readOnly: true}" .name .name) }}
{{- end }}
{{- end }}
{{- join "\n" $mounts }}
{{- end }}

{{- define "kubervisor.sourceVolumes" -}}
{{- $volumes := list }}
{{- range .Values.sources }}
{{- if .secret }}
{{- $volumes = append $volumes (printf "- name: source-%s\n  secret: {secretName: %s}" .name .secret.name) }}
{{- end }}
{{- end }}
{{- join "\n" $volumes }}
{{- end }}
