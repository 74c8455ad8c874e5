{{/* What rules read and write, by what they may do; docs/reference/rights.md says what for. Each list
     is rendered from pairs of who needs it and what: `kubervisor.rules.needed` leaves out what
     nobody needs. */}}
{{- define "kubervisor.rules.needed" -}}
{{- $actions := .root.Values.rules.actions -}}
{{- if .root.Values.rules.volumeAccess }}{{ $actions = append $actions "volumeAccess" }}{{ end -}}
{{- range .pairs }}
{{- $needed := false }}
{{- range splitList " " (first .) }}{{ if has . $actions }}{{ $needed = true }}{{ end }}{{ end }}
{{- if $needed }}
{{ toYaml (list (last .)) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "kubervisor.rulesRules" -}}
- apiGroups: [autopilot.libopenstorage.org]
  resources: [autopilotruleobjects]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autopilot.libopenstorage.org]
  resources: [actionapprovals]
  verbs: [get, list, watch, create, patch]
- apiGroups: [autopilot.libopenstorage.org]
  resources: [autopilotruleobjects/status, actionapprovals/status]
  verbs: [patch]
{{- $claims := dict "apiGroups" (list "") "resources" (list "persistentvolumeclaims") }}
{{- $pods := dict "apiGroups" (list "") "resources" (list "pods") }}
{{- $workloads := dict "apiGroups" (list "apps") "resources" (list "deployments" "statefulsets") }}
{{- $scales := dict "apiGroups" (list "apps") "resources" (list "deployments/scale" "statefulsets/scale") }}
{{- $pairs := list
  (list "volume/resize volume/tier volume/move webhook job volumeAccess" (merge (dict "verbs" (list "list" "watch")) $claims))
  (list "volume/resize volume/tier volume/move" (merge (dict "verbs" (list "get")) $claims))
  (list "volume/resize volume/tier" (merge (dict "verbs" (list "patch")) $claims))
  (list "volume/move" (merge (dict "verbs" (list "create" "delete")) $claims))
  (list "pod/evict pod/eject webhook job volumeAccess" (merge (dict "verbs" (list "list" "watch")) $pods))
  (list "pod/evict pod/eject" (merge (dict "verbs" (list "get")) $pods))
  (list "pod/eject" (merge (dict "verbs" (list "patch")) $pods))
  (list "pod/evict" (dict "apiGroups" (list "") "resources" (list "pods/eviction") "verbs" (list "create")))
  (list "pod/eject" (dict "apiGroups" (list "kubervisor.k8s.io") "resources" (list "kubervisorservices") "verbs" (list "get")))
  (list "workload/scale webhook job" (merge (dict "verbs" (list "list" "watch")) $workloads))
  (list "workload/scale volume/move" (merge (dict "verbs" (list "get")) $workloads))
  (list "workload/scale" (merge (dict "verbs" (list "patch")) $scales))
  (list "workload/scale" (dict "apiGroups" (list "autoscaling") "resources" (list "horizontalpodautoscalers") "verbs" (list "list")))
  (list "volume/move" (merge (dict "verbs" (list "list" "patch")) $workloads))
  (list "volume/move" (merge (dict "verbs" (list "list")) $pods))
  (list "volume/move" (dict "apiGroups" (list "apps") "resources" (list "replicasets") "verbs" (list "get" "list")))
  (list "volume/move" (dict "apiGroups" (list "snapshot.storage.k8s.io") "resources" (list "volumesnapshots") "verbs" (list "get" "list" "create")))
}}
{{- include "kubervisor.rules.needed" (dict "root" . "pairs" $pairs) }}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* What has no namespace. */}}
{{- define "kubervisor.rulesClusterRules" -}}
- apiGroups: [autopilot.libopenstorage.org]
  resources: [autopilotrules]
  verbs: [get, list, watch]
- apiGroups: [autopilot.libopenstorage.org]
  resources: [autopilotrules/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [list, watch]
{{- $volumes := dict "apiGroups" (list "") "resources" (list "persistentvolumes") }}
{{- $nodes := dict "apiGroups" (list "") "resources" (list "nodes") }}
{{- $attachments := dict "apiGroups" (list "storage.k8s.io") "resources" (list "volumeattachments") }}
{{- $pairs := list
  (list "volume/resize volume/move" (dict "apiGroups" (list "storage.k8s.io") "resources" (list "storageclasses") "verbs" (list "get")))
  (list "volume/tier" (dict "apiGroups" (list "storage.k8s.io") "resources" (list "volumeattributesclasses") "verbs" (list "get")))
  (list "volume/tier volume/move" (merge (dict "verbs" (list "get")) $volumes))
  (list "volume/move" (merge (dict "verbs" (list "patch")) $volumes))
  (list "volume/move" (merge (dict "verbs" (list "list")) $nodes))
  (list "volume/move" (merge (dict "verbs" (list "list")) $attachments))
  (list "volumeAccess" (merge (dict "verbs" (list "list" "watch")) $volumes))
  (list "volumeAccess" (merge (dict "verbs" (list "list" "watch")) $attachments))
}}
{{- include "kubervisor.rules.needed" (dict "root" . "pairs" $pairs) }}
{{- end }}

{{/* The dashboard is the traffic controller's, and shows rules too. */}}
{{- define "kubervisor.dashboardRulesRules" -}}
- apiGroups: [autopilot.libopenstorage.org]
  resources: [autopilotruleobjects, actionapprovals]
  verbs: [list]
{{- end }}

{{- define "kubervisor.dashboardRulesClusterRules" -}}
- apiGroups: [autopilot.libopenstorage.org]
  resources: [autopilotrules]
  verbs: [list]
{{- end }}

{{/* Jobs, where they are created. */}}
{{- define "kubervisor.rulesJobRules" -}}
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, create]
{{- end }}

{{/* Events about what has no namespace are kept here. */}}
{{- define "kubervisor.eventRules" -}}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
