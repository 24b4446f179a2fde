{{/* What KEDA is told of the cluster, from the same configuration that Brazier reads. */}}

{{/*
The Secret's key that holds one secret of the configuration, as JSON {name, key}; nothing when it is in no Secret.
Argument {root, sealed, file}.
*/}}
{{- define "brazier.secretRef" -}}
{{- if hasKey .sealed.refs .file -}}
{{- index .sealed.refs .file | toJson -}}
{{- else if hasKey .sealed.own .file -}}
{{- dict "name" (include "brazier.fullname" .root) "key" .file | toJson -}}
{{- end -}}
{{- end -}}

{{/* Whether the brokers ask who one is, or certificates of one's own are needed. */}}
{{- define "brazier.kedaNeedsAuth" -}}
{{- $log := .Values.config.log -}}
{{- if or $log.sasl (and (kindIs "map" $log.ssl) (omit $log.ssl "serverName" "rejectUnauthorized")) }}true{{ end -}}
{{- end -}}

{{/* What is no secret but can be told in a Secret only, as JSON {parameter: value}. */}}
{{- define "brazier.kedaPlain" -}}
{{- $sasl := .Values.config.log.sasl | default dict -}}
{{- $plain := dict -}}
{{- range $parameter, $value := dict "username" ($sasl.username | default $sasl.clientId) "oauthTokenEndpointUri" $sasl.tokenEndpoint "scopes" $sasl.scope -}}
{{- if $value }}{{ $_ := set $plain $parameter $value }}{{ end -}}
{{- end -}}
{{- toJson $plain -}}
{{- end -}}

{{/* Of the TriggerAuthentication: KEDA's parameter → the configuration's secret. Each must be in a Secret. */}}
{{- define "brazier.kedaSecretRefs" -}}
{{- $sealed := include "brazier.sealed" . | fromJson -}}
{{- $log := $sealed.config.log -}}
{{- range $parameter := keys (include "brazier.kedaPlain" . | fromJson) | sortAlpha }}
- parameter: {{ $parameter }}
  name: {{ include "brazier.fullname" $ }}-keda
  key: {{ $parameter }}
{{- end }}
{{- $wanted := list (list "password" "sasl" "password") (list "password" "sasl" "clientSecret") (list "ca" "ssl" "ca") (list "cert" "ssl" "cert") (list "key" "ssl" "key") (list "keyPassword" "ssl" "passphrase") -}}
{{- range $wanted }}
{{- $part := index $log (index . 1) -}}
{{- $stem := index . 2 -}}
{{- if and (kindIs "map" $part) (or (hasKey ($part | default dict) $stem) (hasKey ($part | default dict) (printf "%sFile" $stem))) }}
{{- $path := printf "log.%s.%s" (index . 1) $stem -}}
{{- $ref := include "brazier.secretRef" (dict "root" $ "sealed" $sealed "file" $path) -}}
{{- if not $ref }}{{ fail (printf "config.%s: KEDA cannot read it where it is, expected a Secret (%sSecret), or keda.authenticationRef" $path $stem) }}{{ end }}
{{- $ref = fromJson $ref }}
- parameter: {{ index . 0 }}
  name: {{ tpl $ref.name $ }}
  key: {{ $ref.key }}
{{- end }}
{{- end }}
{{- end -}}

{{/* One trigger for each destination: its group is `<groupPrefix>.<id>`. Argument {root, section, component}. */}}
{{- define "brazier.kedaTriggers" -}}
{{- $log := .root.Values.config.log -}}
{{- $keda := .section.keda -}}
{{- if empty .root.Values.config.destinations -}}
{{- fail (printf "%s.keda.triggers: found none, expected some: the destinations of workspaceConfig are not known here" .component) -}}
{{- end -}}
{{- range .root.Values.config.destinations }}
- type: kafka
  metadata:
    bootstrapServers: {{ join "," $log.brokers | quote }}
    consumerGroup: {{ printf "%s.%s" ($log.groupPrefix | default "brazier") .id | quote }}
    topic: {{ $log.topic | default "brazier.events" | quote }}
    lagThreshold: {{ $keda.lagThreshold | int | quote }}
    activationLagThreshold: {{ $keda.activationLagThreshold | int | quote }}
    offsetResetPolicy: earliest
    allowIdleConsumers: "false"
    excludePersistentLag: {{ $keda.excludePersistentLag | quote }}
    {{- with $log.sasl }}
    sasl: {{ .mechanism | replace "scram-sha-" "scram_sha" | replace "plain" "plaintext" }}
    {{- end }}
    {{- if $log.ssl }}
    tls: enable
    {{- if kindIs "map" $log.ssl }}
    {{- if eq (toString $log.ssl.rejectUnauthorized) "false" }}
    unsafeSsl: "true"
    {{- end }}
    {{- end }}
    {{- end }}
  {{- if $keda.authenticationRef }}
  authenticationRef:
    {{- toYaml $keda.authenticationRef | nindent 4 }}
  {{- else if include "brazier.kedaNeedsAuth" $.root }}
  authenticationRef:
    name: {{ include "brazier.fullname" $.root }}-kafka
  {{- end }}
{{- end }}
{{- end -}}
