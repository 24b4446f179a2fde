{{/* The pod of one component; argument {root, component, role}. */}}
{{- define "brazier.podTemplate" -}}
{{- $values := .root.Values -}}
{{- $section := index $values .component -}}
metadata:
  labels:
    {{- $labels := mergeOverwrite (dict) (deepCopy $values.commonLabels) (deepCopy $values.podLabels) (deepCopy $section.podLabels) }}
    {{- toYaml (mergeOverwrite $labels (include "brazier.selector" . | fromYaml)) | nindent 4 }}
  annotations:
    {{- if $values.rolloutOnChange }}
    checksum/config: {{ include "brazier.configText" .root | sha256sum }}
    {{- with (include "brazier.sealed" .root | fromJson).own }}
    checksum/secret: {{ toJson . | sha256sum }}
    {{- end }}
    {{- end }}
    kubectl.kubernetes.io/default-container: brazier
    {{- with mergeOverwrite (dict) (deepCopy $values.podAnnotations) (deepCopy $section.podAnnotations) }}
    {{- tpl (toYaml .) $.root | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "brazier.serviceAccountName" .root }}
  automountServiceAccountToken: {{ $values.serviceAccount.automountServiceAccountToken }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ int $values.terminationGracePeriodSeconds }}
  securityContext:
    {{- toYaml $values.podSecurityContext | nindent 4 }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.initContainers }}
  initContainers:
    {{- include "brazier.tpl" (dict "value" . "root" $.root) | nindent 4 }}
  {{- end }}
  containers:
    - {{ include "brazier.container" . | indent 6 | trim }}
    {{- with $values.sidecars }}
    {{- include "brazier.tpl" (dict "value" . "root" $.root) | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "brazier.volumes" . | nindent 4 }}
  {{- with include "brazier.placement" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with $values.podSpec }}
  {{- include "brazier.tpl" (dict "value" . "root" $.root) | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "brazier.container" -}}
{{- $values := .root.Values -}}
{{- $section := index $values .component -}}
name: brazier
image: {{ include "brazier.image" .root }}
imagePullPolicy: {{ $values.image.pullPolicy }}
{{- with $values.command }}
command:
  {{- toYaml . | nindent 2 }}
{{- end }}
args:
  - serve
  - --config
  - /etc/brazier/brazier.yaml
  {{- if ne $values.workspaceConfig.existingSecret.name "" }}
  - --workspace-config
  - /run/brazier/workspace/workspaceConfig.json
  {{- if $values.workspaceConfig.allowUnserved }}
  - --allow-unserved
  {{- end }}
  {{- end }}
  {{- if eq $values.mode "kafka" }}
  - --role
  - {{ .role }}
  {{- end }}
  {{- with $values.extraArgs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
env:
  - name: NODE_ENV
    value: production
  - name: NODE_OPTIONS
    value: {{ $values.nodeOptions | quote }}
  {{- with concat $values.extraEnv $section.extraEnv }}
  {{- include "brazier.tpl" (dict "value" . "root" $.root) | nindent 2 }}
  {{- end }}
{{- with $values.envFrom }}
envFrom:
  {{- include "brazier.tpl" (dict "value" . "root" $.root) | nindent 2 }}
{{- end }}
ports:
  {{- if ne .role "worker" }}
  - name: http
    containerPort: {{ int $values.config.http.port }}
    protocol: TCP
  {{- end }}
  - name: admin
    containerPort: {{ int $values.config.admin.port }}
    protocol: TCP
startupProbe:
  {{- toYaml $values.startupProbe | nindent 2 }}
livenessProbe:
  {{- toYaml $values.livenessProbe | nindent 2 }}
readinessProbe:
  {{- toYaml $values.readinessProbe | nindent 2 }}
{{- with include "brazier.preStopSeconds" . | int }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ . }}
{{- end }}
resources:
  {{- toYaml $section.resources | nindent 2 }}
securityContext:
  {{- toYaml $values.securityContext | nindent 2 }}
volumeMounts:
  - name: config
    mountPath: /etc/brazier
    readOnly: true
  - name: data
    mountPath: {{ $values.persistence.mountPath }}
  - name: tmp
    mountPath: /tmp
  {{- with include "brazier.secretMounts" .root | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with $values.extraVolumeMounts }}
  {{- include "brazier.tpl" (dict "value" . "root" $.root) | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "brazier.secretMounts" -}}
{{- if include "brazier.secretSources" . }}
- name: secrets
  mountPath: {{ include "brazier.secretsPath" nil }}
  readOnly: true
{{- end }}
{{- if ne .Values.workspaceConfig.existingSecret.name "" }}
- name: workspace
  mountPath: /run/brazier/workspace
  readOnly: true
{{- end }}
{{- end -}}

{{- define "brazier.secretVolumes" -}}
{{- with include "brazier.secretSources" . }}
- name: secrets
  projected:
    defaultMode: 288 # 0440
    sources:
      {{- . | trim | nindent 6 }}
{{- end }}
{{- with .Values.workspaceConfig.existingSecret }}
{{- if ne .name "" }}
- name: workspace
  secret:
    secretName: {{ tpl .name $ }}
    defaultMode: 288 # 0440
    items:
      - key: {{ .key }}
        path: workspaceConfig.json
{{- end }}
{{- end }}
{{- end -}}

{{- define "brazier.volumes" -}}
{{- $values := .root.Values -}}
- name: config
  configMap:
    name: {{ include "brazier.fullname" .root }}
{{- if or (eq $values.mode "kafka") (not $values.persistence.enabled) }}
- name: data
  emptyDir:
    sizeLimit: {{ ternary $values.scratchSizeLimit $values.persistence.size (eq $values.mode "kafka") }}
{{- else if $values.persistence.existingClaim }}
- name: data
  persistentVolumeClaim:
    claimName: {{ tpl $values.persistence.existingClaim .root }}
{{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- include "brazier.secretVolumes" .root }}
{{- with $values.extraVolumes }}
{{ include "brazier.tpl" (dict "value" . "root" $.root) }}
{{- end }}
{{- end -}}

{{/* Which node; a component's own says instead of the common one. */}}
{{- define "brazier.placement" -}}
{{- $values := .root.Values -}}
{{- $section := index $values .component -}}
{{- with $section.nodeSelector | default $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $section.tolerations | default $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $section.affinity | default $values.affinity }}
affinity:
  {{- include "brazier.tpl" (dict "value" . "root" $.root) | nindent 2 }}
{{- end }}
{{- with $section.priorityClassName | default $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $section.topologySpreadConstraints | default $values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  {{- $selector := dict "labelSelector" (dict "matchLabels" (include "brazier.selector" $ | fromYaml)) }}
  - {{ toYaml (mergeOverwrite $selector (deepCopy .)) | indent 4 | trim }}
  {{- end }}
{{- end }}
{{- end -}}
