{{/* A capability: its account, Deployment and disruption budget. Takes root, name, values, which are
     the capability's own, args, and env as text; mounts and volumes as text, annotations, and the
     group of its files, where its pods have some; command, port and strategy where they are others. */}}
{{- define "kubervisor.capability" -}}
{{- $root := .root -}}
{{- $component := .name -}}
{{- $port := .port | default (dict "name" "metrics" "containerPort" 8086) -}}
{{- $name := printf "%s-%s" $root.Release.Name $component -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "kubervisor.labels" $root | nindent 4 }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "kubervisor.labels" $root | nindent 4 }}
spec:
  replicas: {{ .values.replicas }}
  {{- with .strategy }}
  strategy: {{- toYaml . | nindent 4 }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "kubervisor.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ $component }}
  template:
    metadata:
      {{- include "kubervisor.podMetadata" (dict "root" $root "component" $component "annotations" .annotations) | nindent 6 }}
    spec:
      {{- include "kubervisor.pod" (dict "root" $root "account" $name "group" .group) | nindent 6 }}
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
        - {{- $command := .command | default (list "run" (printf "--capability=%s" $component)) }}
          {{- $args := concat $command .args .values.extraArgs }}
          {{- include "kubervisor.container" (dict "root" $root "args" $args) | nindent 10 }}
          env:
            {{- .env | nindent 12 }}
            {{- with .values.extraEnv }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            - {name: {{ $port.name }}, containerPort: {{ $port.containerPort }}}
          livenessProbe:
            httpGet: {path: /livez, port: {{ $port.name }}}
          readinessProbe:
            httpGet: {path: /readyz, port: {{ $port.name }}}
            periodSeconds: 5
          resources: {{- toYaml .values.resources | nindent 12 }}
          {{- with .mounts }}
          volumeMounts: {{- . | nindent 12 }}
          {{- end }}
      {{- with .volumes }}
      volumes: {{- . | nindent 8 }}
      {{- end }}
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
