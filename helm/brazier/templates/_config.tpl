{{/*
Brazier's configuration as the ConfigMap holds it: every secret is taken out and becomes the path of a file, which a
volume brings from this release's Secret or from one that exists.
*/}}

{{/* Keys that hold a secret itself. A test holds the list to the configuration's schema. */}}
{{- define "brazier.secretKeys" -}}
writeKey restApiKey value salt passphrase password clientSecret url authorization signingKey
{{- end -}}

{{- define "brazier.secretsPath" -}}/run/brazier/secrets{{- end -}}

{{/*
JSON {config, own: {file: value}, refs: {file: {name, key}}}. `own` goes into the release's Secret under the same names,
`refs` stay in the Secrets that they are in.
*/}}
{{- define "brazier.sealed" -}}
{{- $config := deepCopy .Values.config -}}
{{- range $key := list "log" "deadLetters" "alerts" "tracing" "sources" "subscriptions" "destinations" -}}
{{- if empty (index $config $key) }}{{ $_ := unset $config $key }}{{ end -}}
{{- end -}}
{{- $log := mergeOverwrite (deepCopy ($config.log | default dict)) (dict "kind" .Values.mode "path" .Values.persistence.mountPath) -}}
{{- $_ := set $config "log" $log -}}
{{- $out := dict "own" dict "refs" dict -}}
{{- include "brazier.seal" (dict "node" $config "name" "" "at" "config" "out" $out "keys" (splitList " " (include "brazier.secretKeys" .))) -}}
{{- dict "config" $config "own" $out.own "refs" $out.refs | toJson -}}
{{- end -}}

{{/* Walks a mapping and changes it in place; argument {node, name, at, out, keys}. */}}
{{- define "brazier.seal" -}}
{{- $ctx := . -}}
{{- range $key := keys .node | sortAlpha -}}
{{- $value := index $ctx.node $key -}}
{{- $name := ternary $key (printf "%s.%s" $ctx.name $key) (eq $ctx.name "") -}}
{{- $at := printf "%s.%s" $ctx.at $key -}}
{{- if has $key $ctx.keys -}}
{{- $sealed := include "brazier.sealInline" (dict "value" $value "name" $name "at" $at "out" $ctx.out) -}}
{{- if $sealed -}}
{{- $_ := unset $ctx.node $key -}}
{{- $_ := set $ctx.node (printf "%sFile" $key) (index (fromJson $sealed) "files") -}}
{{- end -}}
{{- else if and (hasSuffix "Secret" $key) (or (kindIs "map" $value) (kindIs "slice" $value)) -}}
{{- $stem := trimSuffix "Secret" $key -}}
{{- $name = trimSuffix "Secret" $name -}}
{{- $files := list -}}
{{- if kindIs "map" $value -}}
{{- $_ := set $ctx.out.refs $name $value -}}
{{- $_ := set $ctx.node (printf "%sFile" $stem) (printf "%s/%s" (include "brazier.secretsPath" nil) $name) -}}
{{- else -}}
{{- range $index, $each := $value -}}
{{- $file := printf "%s.%d" $name $index -}}
{{- $_ := set $ctx.out.refs $file $each -}}
{{- $files = append $files (printf "%s/%s" (include "brazier.secretsPath" nil) $file) -}}
{{- end -}}
{{- $_ := set $ctx.node (printf "%sFile" $stem) $files -}}
{{- end -}}
{{- $_ := unset $ctx.node $key -}}
{{- else if kindIs "map" $value -}}
{{- include "brazier.seal" (dict "node" $value "name" $name "at" $at "out" $ctx.out "keys" $ctx.keys) -}}
{{- else if kindIs "slice" $value -}}
{{- range $index, $each := $value -}}
{{- if kindIs "map" $each -}}
{{- $step := $each.id | default $index | toString -}}
{{- include "brazier.seal" (dict "node" $each "name" (printf "%s.%s" $name $step) "at" (printf "%s[%d]" $at $index) "out" $ctx.out "keys" $ctx.keys) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
A secret that was written into the values: JSON {files}, and its text added to `out.own`; nothing when it is a reference
to the environment, which is no secret and stays.
*/}}
{{- define "brazier.sealInline" -}}
{{- $isList := kindIs "slice" .value -}}
{{- $values := ternary .value (list .value) $isList -}}
{{- $plain := list -}}
{{- range $values -}}
{{- if regexMatch "^\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}$" . -}}
{{- else if contains "${" . -}}
{{- fail (printf "%s: found a reference with other text around it or a default in it, expected ${NAME} alone or the secret itself" $.at) -}}
{{- else -}}
{{- $plain = append $plain . -}}
{{- end -}}
{{- end -}}
{{- if and $plain (ne (len $plain) (len $values)) -}}
{{- fail (printf "%s: found a reference and a key itself, expected two of one kind" .at) -}}
{{- end -}}
{{- if $plain -}}
{{- $files := list -}}
{{- range $index, $each := $plain -}}
{{- $file := ternary (printf "%s.%d" $.name $index) $.name $isList -}}
{{- $_ := set $.out.own $file $each -}}
{{- $files = append $files (printf "%s/%s" (include "brazier.secretsPath" nil) $file) -}}
{{- end -}}
{{- dict "files" (ternary $files (first $files) $isList) | toJson -}}
{{- end -}}
{{- end -}}

{{/* The file as it is mounted. */}}
{{- define "brazier.configText" -}}
{{- $sealed := include "brazier.sealed" . | fromJson -}}
{{- toYaml $sealed.config -}}
{{- end -}}

{{/* The Secrets that the secrets' volume is made of, as projected sources. */}}
{{- define "brazier.secretSources" -}}
{{- $sealed := include "brazier.sealed" . | fromJson -}}
{{- if $sealed.own }}
- secret:
    name: {{ include "brazier.fullname" . }}
    items:
      {{- range $file := keys $sealed.own | sortAlpha }}
      - key: {{ $file }}
        path: {{ $file }}
      {{- end }}
{{- end }}
{{- range $file := keys $sealed.refs | sortAlpha }}
{{- $ref := index $sealed.refs $file }}
- secret:
    name: {{ tpl $ref.name $ }}
    items:
      - key: {{ $ref.key }}
        path: {{ $file }}
{{- end }}
{{- end -}}
