{{/* A capability: its account, settings, Deployment and disruption budget. Takes root, name, and
     values, which are the capability's own. */}}
{{- define "kubervisor.capability" -}}
{{- $root := .root -}}
{{- $component := .name -}}
{{- $name := printf "%s-%s" $root.Release.Name $component -}}
{{- $settings := include "kubervisor.settings" $root | trim -}}
{{- /* They are read once: a pod with other settings is another pod. */ -}}
{{- $digest := dict "kubervisor.k8s.io/settings" ($settings | sha256sum | trunc 16) -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "kubervisor.labels" $root | nindent 4 }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "kubervisor.labels" $root | nindent 4 }}
data:
  config.yaml: |
    {{- $settings | nindent 4 }}
  {{- if $root.Values.termination.enabled }}
  termination.kubeconfig: |
    {{- include "kubervisor.terminationKubeconfig" $root | nindent 4 }}
  {{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "kubervisor.labels" $root | nindent 4 }}
spec:
  replicas: {{ .values.replicas }}
  selector:
    matchLabels:
      {{- include "kubervisor.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ $component }}
  template:
    metadata:
      {{- include "kubervisor.podMetadata" (dict "root" $root "component" $component "annotations" $digest) | nindent 6 }}
    spec:
      {{- include "kubervisor.pod" (dict "root" $root "account" $name) | nindent 6 }}
      {{- with .values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with .values.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.topologySpreadConstraints }}
      topologySpreadConstraints:
        {{- range . }}
        - {{- toYaml . | nindent 10 }}
          labelSelector:
            matchLabels:
              {{- include "kubervisor.selector" $root | nindent 14 }}
              app.kubernetes.io/component: {{ $component }}
        {{- end }}
      {{- end }}
      containers:
        - {{- $args := list "run" (printf "--capability=%s" $component) "--config=/etc/kubervisor/settings/config.yaml" "--listen=0.0.0.0:8086" "--dashboard-listen=127.0.0.1:8087" }}
          {{- include "kubervisor.container" (dict "root" $root "args" (concat $args .values.extraArgs)) | nindent 10 }}
          env:
            {{- include "kubervisor.env" $root | nindent 12 }}
            {{- with .values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            - {name: metrics, containerPort: 8086}
          livenessProbe:
            httpGet: {path: /livez, port: metrics}
          readinessProbe:
            httpGet: {path: /readyz, port: metrics}
            periodSeconds: 5
          resources: {{- toYaml .values.resources | nindent 12 }}
          volumeMounts: {{- include "kubervisor.mounts" $root | nindent 12 }}
      volumes: {{- include "kubervisor.volumes" $root | nindent 8 }}
{{- if gt (int .values.replicas) 1 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "kubervisor.labels" $root | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "kubervisor.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ $component }}
{{- end }}
{{- end }}
