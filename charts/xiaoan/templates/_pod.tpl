{{/* Restricted Pod Security. */}}
{{- define "xiaoan.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}
{{- define "xiaoan.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Nothing of the cluster is told to a pod that does not ask. */}}
{{- define "xiaoan.podGround" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "xiaoan.podSecurity" . | nindent 2 }}
{{- include "xiaoan.pullSecrets" . }}
{{- end -}}

{{/* The URL of a service's database, as the role that may append. */}}
{{- define "xiaoan.databaseEnv" -}}
- name: XIAOAN_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ default .root.Values.database.existingSecret .settings.database.existingSecret }}
      key: {{ default .name .settings.database.key }}
{{- end -}}

{{/* Waits until the migrations of this release are noted in the database. */}}
{{- define "xiaoan.awaitSchema" -}}
- name: await-schema
  image: {{ include "xiaoan.image" .root | quote }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command: [/usr/local/bin/{{ .name }}, await-schema]
  securityContext:
    {{- include "xiaoan.containerSecurity" .root | nindent 4 }}
  env:
    - {name: XIAOAN_LOG_FORMAT, value: json}
    - {name: XIAOAN_RELEASE, value: {{ include "xiaoan.release" .root | quote }}}
    {{- include "xiaoan.databaseEnv" . | nindent 4 }}
  resources:
    {{- toYaml .root.Values.migrations.resources | nindent 4 }}
  {{- with include "xiaoan.mounts" (dict "root" .root "name" .name "settings" .settings "want" (list "database-ca")) | trim }}
  volumeMounts:
    {{- . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Files a service reads: volumes and mounts under /etc/xiaoan. "want" lists which. */}}
{{- define "xiaoan.files" -}}
{{- $v := .root.Values -}}
{{- $files := list -}}
{{- range .want -}}
{{- if eq . "jwks" -}}
{{- $files = append $files (dict "name" . "configMap" $v.auth.jwks.existingConfigMap "secret" $v.auth.jwks.existingSecret) -}}
{{- else if eq . "service-token" -}}
{{- $files = append $files (dict "name" . "secret" $v.auth.serviceToken.existingSecret) -}}
{{- else if eq . "tls" -}}
{{- $files = append $files (dict "name" . "secret" (include "xiaoan.tlsSecret" $)) -}}
{{- else if and (eq . "person-keys") $.settings.facts.persons -}}
{{- $files = append $files (dict "name" . "secret" (default $v.personKeys.existingSecret $.settings.personKeys.existingSecret)) -}}
{{- else if and (eq . "database-ca") $v.database.ca.existingSecret -}}
{{- $files = append $files (dict "name" . "secret" $v.database.ca.existingSecret "key" $v.database.ca.key "path" "ca.crt") -}}
{{- else if and (eq . "nats-credentials") $v.nats.credentials.existingSecret -}}
{{- $files = append $files (dict "name" . "secret" $v.nats.credentials.existingSecret) -}}
{{- else if and (eq . "nats-nkey") $v.nats.nkeys.existingSecret -}}
{{- $files = append $files (dict "name" . "secret" $v.nats.nkeys.existingSecret "key" $.name "path" $.name) -}}
{{- else if and (eq . "nats-ca") $v.nats.ca.existingSecret -}}
{{- $files = append $files (dict "name" . "secret" $v.nats.ca.existingSecret) -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "files" $files) -}}
{{- end -}}

{{- define "xiaoan.volumes" -}}
{{- range (include "xiaoan.files" . | fromYaml).files }}
- name: {{ .name }}
  {{- if .configMap }}
  configMap: {name: {{ .configMap }}}
  {{- else }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 288 # 0440
    {{- if .path }}
    items: [{key: {{ .key }}, path: {{ .path }}}]
    {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "xiaoan.mounts" -}}
{{- range (include "xiaoan.files" . | fromYaml).files }}
- {name: {{ .name }}, mountPath: /etc/xiaoan/{{ .name }}, readOnly: true}
{{- end }}
{{- end -}}
