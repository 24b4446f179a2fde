{{/* Names, labels and small terms that every template shares. */}}

{{- define "brazier.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 52: a StatefulSet's pods carry a hash of 10 characters behind it in a label of at most 63. */}}
{{- define "brazier.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "brazier.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Name of what belongs to one component: the release's own for "server". */}}
{{- define "brazier.componentName" -}}
{{- $fullname := include "brazier.fullname" .root -}}
{{- ternary $fullname (printf "%s-%s" $fullname .component) (eq .component "server") -}}
{{- end -}}

{{/* What selects every pod of the release, of whatever component. */}}
{{- define "brazier.releaseSelector" -}}
app.kubernetes.io/name: {{ include "brazier.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Never changes during the life of a release: selectors are immutable. */}}
{{- define "brazier.selector" -}}
{{ include "brazier.releaseSelector" .root }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of an object; argument {root, component?, extra?}. */}}
{{- define "brazier.labels" -}}
{{- $own := include "brazier.releaseSelector" .root | fromYaml -}}
{{- with .component }}{{ $_ := set $own "app.kubernetes.io/component" . }}{{ end -}}
{{- $_ := set $own "app.kubernetes.io/version" (.root.Values.image.tag | default .root.Chart.AppVersion | trunc 63) -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- toYaml (mergeOverwrite (dict) (deepCopy .root.Values.commonLabels) (deepCopy (.extra | default dict)) $own) -}}
{{- end -}}

{{/* metadata of an object; argument {root, name, component?, labels?, annotations?}. */}}
{{- define "brazier.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "brazier.labels" (dict "root" .root "component" .component "extra" .labels) | nindent 2 }}
{{- with mergeOverwrite (dict) (deepCopy .root.Values.commonAnnotations) (deepCopy (.annotations | default dict)) }}
annotations:
  {{- tpl (toYaml .) $.root | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "brazier.serviceAccountName" -}}
{{- $given := .Values.serviceAccount.name -}}
{{- if .Values.serviceAccount.create }}{{ $given | default (include "brazier.fullname" .) }}{{ else }}{{ $given | default "default" }}{{ end -}}
{{- end -}}

{{- define "brazier.image" -}}
{{- $image := .Values.image -}}
{{- $registry := (.Values.global | default dict).imageRegistry | default $image.registry -}}
{{- $repository := required "image.repository: found nothing, expected the repository of the image built from the Dockerfile" $image.repository -}}
{{- with $registry }}{{ . }}/{{ end }}{{ $repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end -}}

{{/* The processes of the mode, as JSON: [{component, role}]. */}}
{{- define "brazier.components" -}}
{{- if and (eq .Values.mode "kafka") (eq .Values.roles "split") -}}
{{- list (dict "component" "ingest" "role" "ingest" "http" true) (dict "component" "worker" "role" "worker" "http" false) | toJson -}}
{{- else -}}
{{- list (dict "component" "server" "role" "all" "http" true) | toJson -}}
{{- end -}}
{{- end -}}

{{/* The component that takes events. */}}
{{- define "brazier.httpComponent" -}}
{{- ternary "ingest" "server" (and (eq .Values.mode "kafka") (eq .Values.roles "split")) -}}
{{- end -}}

{{/* Whether something else decides the number of pods; argument the component's section. */}}
{{- define "brazier.isScaled" -}}
{{- if or .autoscaling.enabled .keda.enabled }}true{{ end -}}
{{- end -}}

{{/* Seconds of sleep before the end; argument {root, component}. */}}
{{- define "brazier.preStopSeconds" -}}
{{- $given := (index .root.Values .component).preStopSleepSeconds -}}
{{- if kindIs "invalid" $given }}{{ ternary 8 2 (eq .root.Values.mode "kafka") }}{{ else }}{{ int $given }}{{ end -}}
{{- end -}}

{{/* A list or mapping as YAML, its texts as templates; argument {value, root}. */}}
{{- define "brazier.tpl" -}}
{{- tpl (ternary .value (toYaml .value) (kindIs "string" .value)) .root -}}
{{- end -}}
