{{/* Where the pods have to reach, from the configuration: the egress rules follow it by themselves. */}}

{{/* Port of an address, or that of its scheme. */}}
{{- define "brazier.portOf" -}}
{{- $given := regexFind ":[0-9]+(/|$)" (. | trimPrefix "https://" | trimPrefix "http://") | trimPrefix ":" | trimSuffix "/" -}}
{{- $given | default (ternary "80" "443" (hasPrefix "http://" .)) -}}
{{- end -}}

{{/* Of the brokers, and of what gives out tokens: separated by spaces. */}}
{{- define "brazier.kafkaPorts" -}}
{{- $log := .Values.config.log -}}
{{- $ports := list -}}
{{- range $log.brokers }}{{ $ports = append $ports (include "brazier.portOf" .) }}{{ end -}}
{{- with ($log.sasl | default dict).tokenEndpoint }}{{ $ports = append $ports (include "brazier.portOf" .) }}{{ end -}}
{{- $ports | uniq | sortAlpha | join " " -}}
{{- end -}}

{{/* Of Braze: 443, but for a `restEndpoint` with a port of its own. */}}
{{- define "brazier.brazePorts" -}}
{{- $ports := list -}}
{{- if ne .Values.workspaceConfig.existingSecret.name "" }}{{ $ports = append $ports "443" }}{{ end -}}
{{- range .Values.config.destinations }}{{ $ports = append $ports (include "brazier.portOf" (.restEndpoint | default "")) }}{{ end -}}
{{- $ports | uniq | sortAlpha | join " " -}}
{{- end -}}

{{/* Of the collector: those that are given, and that of `tracing.endpoint` unless it is a reference to the environment. */}}
{{- define "brazier.otlpPorts" -}}
{{- $ports := list -}}
{{- range .Values.networkPolicy.otlpPorts }}{{ $ports = append $ports (int . | toString) }}{{ end -}}
{{- $endpoint := (.Values.config.tracing | default dict).endpoint | default "" -}}
{{- if and $endpoint (not (contains "${" $endpoint)) }}{{ $ports = append $ports (include "brazier.portOf" $endpoint) }}{{ end -}}
{{- $ports | uniq | sortAlpha | join " " -}}
{{- end -}}

{{/* Of the alerts' webhooks: 443 for an address that stands elsewhere, in a Secret, a file or the environment. */}}
{{- define "brazier.webhookPorts" -}}
{{- $ports := list -}}
{{- range (.Values.config.alerts | default dict).webhooks -}}
{{- $url := .url | default "" -}}
{{- $ports = append $ports (include "brazier.portOf" (ternary "" $url (contains "${" $url))) -}}
{{- end -}}
{{- $ports | uniq | sortAlpha | join " " -}}
{{- end -}}

{{- define "brazier.portList" -}}
{{- range splitList " " . }}
- port: {{ int . }}
  protocol: TCP
{{- end }}
{{- end -}}
