{{/* A policy on what the accounts of this release do, and its binding. Takes root, name, group,
     versions, resources, operations, and the spec's fields `variables` and `validations` as text;
     paramKind, paramRef and objectSelector where the policy has them; usernames where it is not for
     those that move traffic. */}}
{{- define "kubervisor.restriction" -}}
{{- $name := printf "%s-%s" (include "kubervisor.cluster" .root) .name -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: {{ $name }}
  labels: {{- include "kubervisor.labels" .root | nindent 4 }}
spec:
  failurePolicy: Fail
  {{- with .paramKind }}
  paramKind: {{- toYaml . | nindent 4 }}
  {{- end }}
  matchConstraints:
    {{- with .objectSelector }}
    objectSelector: {{- toYaml . | nindent 6 }}
    {{- end }}
    resourceRules:
      - apiGroups: [{{ .group | quote }}]
        apiVersions: ["*"]
        operations: {{ toJson .operations }}
        resources: {{ toJson .resources }}
  matchConditions:
    - name: by-this-release
      expression: request.userInfo.username in {{ .usernames | default (include "kubervisor.usernames" .root) }}
  {{- with .variables }}
  variables: {{- . | nindent 4 }}
  {{- end }}
  validations: {{- .validations | nindent 4 }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ $name }}
  labels: {{- include "kubervisor.labels" .root | nindent 4 }}
spec:
  policyName: {{ $name }}
  validationActions: [Deny]
  {{- with .paramRef }}
  paramRef: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
